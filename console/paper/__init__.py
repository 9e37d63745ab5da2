"""The agreement of the teams as a document to read and to sign: what it says, on a terminal and as a page to print."""
