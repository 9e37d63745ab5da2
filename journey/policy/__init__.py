"""The written agreement of the teams: the file's form, how it is read, and what it compiles to."""
