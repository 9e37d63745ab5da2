"""Reports: a question to one view each, its rows for people, programs and spreadsheets, and a picture of them."""
