-- What each column means, in the comments of the views that said only what a row is. The views stay as they are.

ALTER TABLE v_accounts MODIFY COMMENT 'One row per account: a domain or a CRM account id. people are its customers; teams are those that touched it; furthest counts people by track.stage that each has reached at most; open_overlaps are of the account itself, across its people.

account_id: UUID that stands for the account
account: the domain, or the CRM`s id of the account
people: customers of it
touchpoints: touchpoints that name it
teams: teams that touched it
first_touch_at: UTC
last_touch_at: UTC
furthest: track.stage -> people who reached it at most
open_overlaps: open overlaps across its people';

ALTER TABLE v_alerts MODIFY COMMENT 'One row per alert. data is the fact it is about, as JSON.

id: the alert; receivers know it by this
type: prospect.stalled, clock.breached, overlap.opened and the like
customer_id: whom it is about
fact_id: the fact that it is about
at: UTC, when what it tells of happened
recorded_at: UTC, when this version was told
data: the fact as JSON
policy: name and version of the policy';

ALTER TABLE v_clocks MODIFY COMMENT 'One row per response clock: running, met, breached or cancelled. late_ms is milliseconds from due_at to the stop of a breached clock.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: whose answer is due
name: the policy`s clock
state: running, met, breached or cancelled
team: who has to answer
started_at: UTC
due_at: UTC, by the clock`s calendar
stopped_at: UTC, NULL while nothing stopped it
late_ms: milliseconds from due_at to the stop of a breached clock, NULL for others
started_by_source: the touchpoint that started it
started_by_id: its id
stopped_by_source: the touchpoint that stopped it, NULL while none did
stopped_by_id: its id
at: UTC, when its state changed last
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_corrections MODIFY COMMENT 'One row per late touchpoint that changed what had been said: how many facts were published anew and taken back.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: whom it is about
source: the tool that emitted the late touchpoint
touchpoint_id: its id in that tool
published: facts said anew
retracted: facts taken back
at: UTC, when the late touchpoint happened
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_deals MODIFY COMMENT 'One row per deal of a customer as it stands: open, won or lost. amount is in units of the currency, the latest one said; closed_at is NULL while it is open, so a reopened deal is no revenue; created_at is NULL where nothing said that it was created; reopened counts.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: whose deal it is
deal: its key among the customer`s deals
status: open, won or lost
amount: in units of currency, the latest one said; NULL where none was
currency: ISO 4217
created_at: UTC, NULL where nothing said that it was created
expected_close_at: UTC, NULL where nobody said so
closed_at: UTC, NULL while it is open, so a reopened deal is no revenue
reopened: how often it was
owner_team: the owner of the customer at at
owner_actor: the person in it, NULL where none is named
source: the tool of the touchpoint that changed it last
touchpoint_id: its id in that tool
at: UTC, when it was changed last
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_feedback MODIFY COMMENT 'One row per answer of sales to a lead: accepted, rejected, recycled, lost or rated. campaign and content are those of the touchpoint that made the MQL, else of the latest marketing touchpoint with one before; mql_rule and mql_policy are NULL where the customer was never an MQL.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: the lead
disposition: accepted, rejected, recycled, lost or rated
reason: why, NULL where none was given
rating: points given by sales, NULL where none were
team: who answered
actor: the person or tool of ours, NULL where none is named
campaign: of the touchpoint that made the MQL, else of the latest marketing touchpoint with one before
content: the same, of the content piece
persona: the persona that the lead`s traits fit then
mql_rule: the rule by which the customer last became an MQL, NULL where it never was
mql_policy: name and version of the policy by which it did
mql_at: UTC, when it did
source: the tool that emitted the touchpoint
touchpoint_id: its id in that tool
at: UTC, when it happened
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_handoffs MODIFY COMMENT 'One row per move of ownership between the teams. latency_ms is calendar milliseconds since the offer, business_ms business milliseconds.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: whose ownership moved
kind: offered, accepted, rejected, handed_back, assigned, claimed or released
from_team: who had it
to_team: who was to have it
actor: the person who took it, NULL where none was named
reason: why, NULL where none was given
offered_at: UTC, of the offer that this answers, NULL where there was none
latency_ms: calendar milliseconds since the offer
business_ms: business milliseconds since the offer
source: the tool that emitted the touchpoint
touchpoint_id: its id in that tool
at: UTC, when it happened
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_identifiers MODIFY COMMENT 'One row per identifier and customer it was seen on: the earliest and the latest occurred_at. belongs is 0 where it stays with another customer: two known people share it. kind is customer_id (former ones too), crm_id, email, phone or anonymous_id; values are normalised.

kind: customer_id (former ones too), crm_id, email, phone or anonymous_id
value: the identifier, normalised
customer_id: the customer that it was seen on, by its id of now
first_seen_at: UTC, the earliest occurred_at
last_seen_at: UTC, the latest occurred_at
belongs: 0 where it stays with another customer: two known people share it';

ALTER TABLE v_identities MODIFY COMMENT 'One row per identifier (kind, value: normalised) that was ever assigned to a customer, or has been assigned others: customer_id is whom it belongs to now. derived_id is the customer_id that it stands for alone; an identifier that nothing links is no row and belongs to its derived_id. number is the decision.

derived_id: the customer_id that it stands for alone
customer_id: whom it belongs to now
kind: crm_id, email, phone or anonymous_id
value: the identifier, normalised
number: the decision by which it does';

ALTER TABLE v_identity_conflicts MODIFY COMMENT 'One row per identifier (kind, value: normalised) that was named with a customer and does not join it: it stays with kept_by and does not join refused, both by their customer_id of now; customer_id is the derived id of who was refused. reason is two_known (both are known people, who share it) or too_many (together they have too many identifiers for one customer: of all such of refused the earliest). source and touchpoint_id name the first touchpoint that named both.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: the derived id of who was refused
kind: of the identifier
value: the identifier, normalised
kept_by: the customer that it stays with
refused: the customer that it does not join
reason: two_known or too_many
source: the tool of the first touchpoint that named both
touchpoint_id: its id in that tool
at: UTC, when that happened
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_identity_links MODIFY COMMENT 'One row per touchpoint that named identifiers together, as the resolver was told: repeats of what was told lately are left out. statement is seen, or a person`s linked or unlinked; identifiers and their derived_ids are in the same order, the strongest first; offset is the place in identity.links.

source: the tool that emitted the touchpoint
touchpoint_id: its id in that tool
occurred_at: UTC, when the touchpoint happened
statement: seen, or a person`s linked or unlinked
identifiers: (kind, value) of each, the strongest first
derived_ids: of these, in the same order
offset: the place in identity.links';

ALTER TABLE v_lead_quality MODIFY COMMENT 'One row per campaign, content, persona, MQL rule and policy version, NULL where there was none: how sales answered the leads of it. Counts are answers; answered = accepted + rejected; acceptance = accepted / answered, NULL where none was answered; mean_rating is the mean of all ratings; the maps count reasons, an empty one where none was given.

campaign: as in v_feedback, NULL where there was none
content: the content piece, NULL where there was none
persona: NULL where none fits
mql_rule: the rule that made the MQL
mql_policy: name and version of its policy
accepted: answers
rejected: answers
recycled: answers
lost: answers
rated: answers
answered: accepted + rejected
acceptance: accepted / answered, 0 to 1; NULL where none was answered
mean_rating: of all ratings, NULL where there is none
rejected_for: reason -> answers; an empty reason where none was given
recycled_for: reason -> answers
lost_for: reason -> answers';

ALTER TABLE v_merges MODIFY COMMENT 'One row per customer_id that is gone because it belongs to another one (into). number is the identity decision; at is when the link that decided was seen. An undone merge is no row.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: the id that is gone
into: the customer that it belongs to now
number: the identity decision
at: UTC, when the link that decided was seen
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_overlaps MODIFY COMMENT 'One row per overlap of the teams on a customer, open or resolved. touchpoints holds the first and the latest ones, 16 at most.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: on whom; an account_id for kind account
kind: subject, conflict, off_turf, double_owner, pressure or account
subject: what both were on, NULL where it is of none
status: open or resolved
severity: low, medium or high
teams: the teams
precedence: the team that goes first
precedence_rule: by which rule of the policy
opened_at: UTC
last_at: UTC, of the latest touchpoint in it
resolved_at: UTC, NULL while it is open
resolution: how it ended, NULL while it is open
touchpoints: (source, id) of the first and the latest ones, 16 at most
at: UTC, when it changed last
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_owners MODIFY COMMENT 'One row per customer and time under one owner: the team and, where one is named, the person in it. until is NULL while it lasts; kind is the hand-off by which it began, first for the owner before any.

customer_id: who was owned
team: the owning team
actor: the person in it, NULL where none is named
since: UTC
until: UTC, NULL while it lasts
kind: the hand-off by which it began; first for the owner before any';

ALTER TABLE v_positions MODIFY COMMENT 'One row per customer and track: the stage now. visits counts entries per stage; dwell_ms is closed milliseconds per stage, the running visit excluded; stage_open_ms is the running visit so far, by the server`s clock, so still growing; stage_total_ms adds the closed visits of the stage; fit and engagement are points, engagement and last_touch (per team, UTC) as of at; probability of winning a deal from the stage, 0 to 1, NULL where the policy names none.

customer_id: where whom is
track: the track
stage: the stage, or detour, now
entered_at: UTC, when it was entered
furthest: the furthest stage ever reached, NULL before the first
visits: stage -> entries
dwell_ms: stage -> closed milliseconds, the running visit excluded
stage_open_ms: milliseconds of the running visit so far, by the server`s clock: still growing
stage_total_ms: the same with the closed visits of the stage
owner_team: the team that owns the customer
owner_actor: the person in it, NULL where none is named
owner_since: UTC
persona: the persona that the latest traits fit, NULL for none
fit: points of the latest traits
engagement: points as of at, faded since
probability: of winning a deal from the stage, 0 to 1, NULL where the policy names none
last_touch: team -> UTC of its latest touchpoint as of at
at: UTC, as of when this was said
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_rebuilds MODIFY COMMENT 'One row per journey folded anew from the whole history. reason is too_late, merge, unmerge, policy or asked; touchpoints were folded, published is the count of facts said anew.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: whose journey was folded anew
reason: too_late, merge, unmerge, policy or asked
touchpoints: touchpoints folded
published: facts said anew
at: UTC, of the newest touchpoint folded
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_rejected MODIFY COMMENT 'One row per record that was not accepted. value is the original bytes, cut where bytes, their original count, is larger; origin is topic/partition/offset of the original.

topic: of the record on touchpoints.rejected
partition: of it
offset: of it
reason: a word for why: docs/guide/bad-input.md lists them
detail: the same in words, with what to do
pointer: JSON pointer to the field, empty where it is none
origin: topic/partition/offset of the original
received_at: UTC, when it was looked at
value: the original bytes, cut where bytes is larger
bytes: how many the original had';

ALTER TABLE v_stalled MODIFY COMMENT 'One row per stall of a customer in a stage, open or resolved: no counted activity, or no progress. since is when the limit passed.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: who stands still
kind: no_activity or no_progress
status: open or resolved
track: the track
stage: in which stage
team: the customer`s owner when it opened
since: UTC, when the limit passed
entered_at: UTC, when the customer entered the stage
last_counted_at: UTC, the last counted touch, NULL where there was none
last_counted_source: the tool that emitted it
last_counted_id: its id
escalated_at: UTC, NULL where it was not
resolved_at: UTC, NULL while it is open
at: UTC, when it changed last
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_too_late MODIFY COMMENT 'One row per touchpoint older than the correction window. customer_id is whom it was too late for. behind_ms is milliseconds behind the newest touchpoint of the customer; rebuilt_at is when the journey was folded anew with it, that of the other customer where this one was merged before; NULL while it waits for that.

id: the fact: 32 hex digits that are the same wherever it is said
version: rises each time the customer`s journey says anything anew
customer_id: whom it was too late for
source: the tool that emitted the touchpoint
touchpoint_id: its id in that tool
behind_ms: milliseconds behind the newest touchpoint of the customer
rebuilt_at: UTC, when the journey was folded anew with it; NULL while it waits for that
at: UTC, when the touchpoint happened
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';

ALTER TABLE v_touchpoints MODIFY COMMENT 'One row per touchpoint: derived_id, source, id; the first arrival of a duplicate. customer_id is whom it belongs to now, derived_id what its own strongest identifier stands for, which no merge changes and by which the table is sorted; both are empty for spend without a customer. Amounts in units of the currency; times UTC in milliseconds; topic, partition, offset of journey.touchpoints.

customer_id: whom it belongs to now; empty for spend without a customer
derived_id: what its own strongest identifier stands for: no merge changes it, and the table is sorted by it
account: the company as named: a domain or a CRM`s id
account_id: UUID that stands for the account
source: the tool that emitted it
id: its id in that tool
type: dotted, past tense: email.opened, deal.won
team: marketing or sales, or what the policy names more
actor: the person or tool of ours, NULL where none is named
channel: web, email, call and so on
direction: outbound, inbound or internal
subject: pricing, promotion and so on, NULL for none
campaign: NULL for none
content: the content piece, NULL for none
occurred_at: UTC, when it happened
received_at: UTC, when intake accepted it
crm_id: as given, NULL where not
email: as given, normalised
phone: as given, normalised
anonymous_id: as given
value_amount: in units of value_currency
value_currency: ISO 4217
cost_amount: in units of cost_currency
cost_currency: ISO 4217
properties: free JSON
topic: journey.touchpoints
partition: the place in it
offset: the place in it';

ALTER TABLE v_transitions MODIFY COMMENT 'One row per move of a customer on a track. dwell_ms is milliseconds in from_stage on that visit; source and touchpoint_id are NULL where time alone moved the customer.

id: the fact: 32 hex digits that are the same wherever it is said
customer_id: who moved
track: the track
kind: enter, advance, skip, regress, recycle, re-enter or exit
from_stage: NULL for the first one on the track
to_stage: the stage or detour entered
at: UTC, when it happened
dwell_ms: milliseconds in from_stage on that visit, NULL for the first
rule: the rule of the policy that moved it
source: the tool that emitted the touchpoint, NULL where time alone moved the customer
touchpoint_id: its id in that tool
policy: name and version of the policy that it was judged by
recorded_at: UTC, when this version was told';
