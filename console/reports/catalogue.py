"""Every report. Each asks one view; what is computed here is at most a sum over what it is split by."""

from console.reports.charts import campaigns, customers, sales, stages, teamwork
from console.reports.report import Argument, Report

SINCE = Argument("since", "The period's first moment: RFC 3339, or a date. Default: 90 days before its end.")
UNTIL = Argument("until", "The period's end, not part of it. Default: now.")
_AT = Argument("until", "As of this moment. Default: now.")
_PERIOD = (SINCE, UNTIL)
_TRACK = Argument("track", "The policy's track.", "funnel")
_WITHIN = Argument("within", "The window after it, in days.", 90, unit=" days")
_MARGIN = Argument("margin", "Gross profit per revenue, 0 to 1.", 1.0)
_MODELS = ("first", "last", "linear", "position", "w_shaped", "time_decay", "markov")
_MODEL = Argument("model", "The attribution model.", "position", _MODELS)
_TRAITS = ("all", "channel", "campaign", "persona", "owner", "owner_team")
_CREDITED = ("channel", "campaign", "content", "team", "type", "source")
_LED = ("campaign", "content", "persona", "mql_rule", "mql_policy")

_STAGES = (
    Report(
        "funnel",
        "How many customers went on, stage by stage",
        "v_funnel",
        "SELECT * FROM v_funnel(track = {track}, since = {since}, until = {until}, within_days = {within}, by = {by})"
        " ORDER BY value NULLS FIRST, rank",
        (_TRACK, *_PERIOD, _WITHIN, Argument("by", "What customers are split by.", "all", _TRAITS)),
        stages.funnel,
        ("value", "stage", "entered", "reached_next", "conversion", "entered_next", "period_ratio"),
    ),
    Report(
        "times",
        "How long customers took from one stage to a later one",
        "v_time_to_convert",
        "SELECT * FROM v_time_to_convert(track = {track}, since = {since}, until = {until})",
        (_TRACK, *_PERIOD),
        stages.times,
    ),
    Report(
        "stages",
        "How long customers have been in each stage",
        "v_time_in_stage",
        "SELECT * FROM v_time_in_stage(track = {track}, at = {until}) ORDER BY customers DESC, stage",
        (_TRACK, _AT),
        stages.stages,
        ("stage", "open", "open_p50_ms", "open_p90_ms", "closed", "closed_mean_ms", "customers", "total_p50_ms"),
    ),
    Report(
        "content",
        "Which content helps customers on, and at which stage",
        "v_content",
        "SELECT * FROM v_content(track = {track}, within_days = {within}, since = {since}, until = {until})"
        " ORDER BY customers DESC, content, stage",
        (_TRACK, *_PERIOD, Argument("within", "The window after a touch, in days.", 14, unit=" days")),
        stages.content,
    ),
    Report(
        "cohorts",
        "Who stays after the first deal",
        "v_cohorts",
        "SELECT * FROM v_cohorts(since = {since}, until = {until}) ORDER BY cohort, months_since",
        _PERIOD,
        customers.cohorts,
    ),
    Report(
        "paths",
        "Which ways customers took",
        "v_paths",
        "SELECT * FROM v_paths(track = {track}, since = {since}, until = {until})"
        " ORDER BY step, customers DESC, from_stage, to_stage",
        (_TRACK, *_PERIOD),
        customers.paths,
    ),
)
_TEAMWORK = (
    Report(
        "sla",
        "Which response clocks were met",
        "v_sla",
        "SELECT * FROM v_sla(since = {since}, until = {until}) ORDER BY name, team",
        _PERIOD,
        teamwork.sla,
        ("name", "team", "started", "met", "breached", "unanswered", "running", "compliance", "p50_ms", "p90_ms"),
    ),
    Report(
        "speed",
        "How fast sales answers leads",
        "v_speed_to_lead",
        "SELECT * FROM v_speed_to_lead(routed = {routed}, response = {response}, since = {since}, until = {until})",
        (
            *_PERIOD,
            Argument("routed", "The clock from making a lead to routing it.", "mql_routed"),
            Argument("response", "The clock that a genuine response stops.", "first_attempt"),
        ),
        teamwork.speed,
    ),
    Report(
        "leads",
        "What became of the leads that marketing offered",
        "v_lead_rates",
        "SELECT * FROM v_lead_rates(answer = {answer}, since = {since}, until = {until})",
        (*_PERIOD, Argument("answer", "The clock within which sales has to answer a lead.", "mql_answered")),
        teamwork.leads,
    ),
    Report(
        "quality",
        "How sales answered the leads, by what led to them",
        "v_lead_quality",
        "SELECT ifNull({by}, '(none)') AS value, sum(v_lead_quality.accepted) AS accepted,"
        " sum(v_lead_quality.rejected) AS rejected, sum(v_lead_quality.recycled) AS recycled,"
        " sum(v_lead_quality.lost) AS lost, accepted + rejected AS answered,"
        " accepted / nullIf(answered, 0) AS acceptance FROM v_lead_quality"
        " GROUP BY value ORDER BY answered DESC, value",
        (Argument("by", "What led to them.", "campaign", _LED, is_column=True),),
        teamwork.quality,
    ),
    Report(
        "overlaps",
        "How often the two teams collide",
        "v_overlap_rate",
        "SELECT * FROM v_overlap_rate(since = {since}, until = {until}) ORDER BY kind NULLS FIRST",
        _PERIOD,
        teamwork.overlaps,
    ),
)
_SALES = (
    Report(
        "velocity",
        "How much is won a day",
        "v_velocity",
        "SELECT * FROM v_velocity(since = {since}, until = {until}, by = {by})"
        " ORDER BY velocity DESC NULLS LAST, value",
        (*_PERIOD, Argument("by", "What it is split by.", "all", ("all", "owner", "owner_team"))),
        sales.velocity,
    ),
    Report(
        "pipeline",
        "What is open, by when it should close",
        "v_pipeline",
        "SELECT * FROM v_pipeline ORDER BY closes_in NULLS LAST, owner_team, owner_actor, stage",
        (),
        sales.pipeline,
    ),
    Report(
        "quota",
        "How far each team is with its quotas",
        "v_quota",
        "SELECT * FROM v_quota(at = {until}) ORDER BY team, quota, period",
        (_AT,),
        sales.quota,
        ("quota", "team", "period", "amount", "actual", "attainment", "pace"),
    ),
    Report(
        "coverage",
        "Whether enough is under way for the quotas",
        "v_coverage",
        "SELECT * FROM v_coverage(at = {until}) ORDER BY team, quota",
        (_AT,),
        sales.coverage,
        ("quota", "team", "amount", "actual", "open_pipeline", "missing", "coverage"),
    ),
    Report(
        "sourced",
        "What each team began, and what it had a part in",
        "v_sourced",
        "SELECT * FROM v_sourced(since = {since}, until = {until}) ORDER BY team",
        _PERIOD,
        sales.sourced,
    ),
)
_CAMPAIGNS = (
    Report(
        "attribution",
        "What the deals that were won are credited to",
        "v_attribution",
        "SELECT ifNull({by}, '(none)') AS value, uniqExact(id) AS deals, sum(v_attribution.credit) AS credit,"
        " sum(v_attribution.credit_minor) AS credit_minor"
        " FROM v_attribution(model = {model}, since = {since}, until = {until}) AS v_attribution"
        " GROUP BY value ORDER BY credit DESC, value",
        (_MODEL, *_PERIOD, Argument("by", "What the credit is split by.", "channel", _CREDITED, is_column=True)),
        campaigns.attribution,
        ("value", "deals", "credit"),
    ),
    Report(
        "roi",
        "What each campaign cost and brought",
        "v_campaign_roi",
        "SELECT * FROM v_campaign_roi(model = {model}, margin = {margin}, since = {since}, until = {until})"
        " ORDER BY cost DESC, campaign",
        (_MODEL, _MARGIN, *_PERIOD),
        campaigns.roi,
        ("campaign", "cost", "revenue", "gross_profit", "roi", "roas", "customers"),
    ),
    Report(
        "cac",
        "What a new customer costs",
        "v_cac",
        "SELECT * FROM v_cac(margin = {margin}, months = {months}, since = {since}, until = {until})",
        (_MARGIN, Argument("months", "Over how many months a deal's value is earned.", 12), *_PERIOD),
        campaigns.cac,
    ),
    Report(
        "field",
        "What came of fairs, pop-ups and other events",
        "v_field",
        "SELECT * FROM v_field(within_days = {within}, since = {since}, until = {until})"
        " ORDER BY customers DESC, campaign",
        (*_PERIOD, _WITHIN),
        campaigns.field,
    ),
    Report(
        "brand",
        "How the brand is seen and answered",
        "v_brand",
        "SELECT * FROM v_brand(since = {since}, until = {until}) ORDER BY reach DESC, channel",
        _PERIOD,
        campaigns.brand,
        (
            "channel",
            "touchpoints",
            "reach",
            "traffic",
            "engagements",
            "share_of_voice",
            "nps",
            "reviews",
            "mean_rating",
        ),
    ),
)
REPORTS = {report.name: report for report in (*_STAGES, *_TEAMWORK, *_SALES, *_CAMPAIGNS)}
