"""Words that simulated names are made of. Domains end in .example, which nobody can own."""

FIRST = (  # noqa: SIM905 - a hundred quotes say less
    "ada alba amir anna aria ben bea carl chloe clara dana dario elin emil erik eva felix finn gina hana hugo ida "
    "ines ivo jana joel jonas june kai karl lara lena leo lina luca maja marc mara mila nadia nico nils noor olga "
    "omar otto paula pia ravi rosa ruth sami sara seth sina tara theo tom uma vera viktor wade will yara yuki zoe"
).split()

LAST = (  # noqa: SIM905 - a hundred quotes say less
    "abbot adler baker bauer becker bell berg blanc booth brandt burke carter chen cole costa cruz dahl diaz "
    "doyle dubois eklund ellis evans falk fischer ford frost garcia grant gray hall hansen hart hayes holm hunt "
    "ito jansen kaya keller khan klein koch kraus lane lang lehto lopez lund marsh martin mayer meyer moore "
    "moreau nash nolan novak olsen ortiz owens park patel petit price reed rossi roth ryan sato scott shaw silva "
    "stone sutter tanaka vance vogel voss walsh ward weber west wolf wood young zeller"
).split()

LEADING = (  # noqa: SIM905 - a hundred quotes say less
    "amber arbor arctic aspen atlas birch blue bright cedar clear cobalt coral crest delta east elm ember fair "
    "falcon first flint forge glen golden granite green harbor high iron jade keen lake linden lunar maple marble "
    "meadow mint noble north oak ocean onyx open orchid pine polar prime quartz quiet rapid red ridge river rowan "
    "silver sky solid south spruce steel stone summit swift teal terra tidal true union urban valley vivid west "
    "white willow"
).split()

TRAILING = (  # noqa: SIM905 - a hundred quotes say less
    "analytics bakery bank biotech bikes books brewing builders care chemicals clinics cloud coffee components "
    "design diagnostics electric energy farms fashion finance foods freight furniture games glass goods health "
    "hotels insurance interiors labs legal lighting logistics machines media metals mobility motors networks "
    "optics outdoor packaging paper parts pharma press printing rail retail robotics schools security services "
    "shipping software solar sports studios systems textiles tools toys trading travel trucks water wines works"
).split()
