from schemas.compiled import path

__path__[:0] = path("sinks")
