"""The rules a second time, written from the specification's text alone: slow, literal, sharing no code with journey/.

`follow(touchpoints, now)` in `outcome.py` is the whole: it takes the complete list of one customer's touchpoints and
answers each question by scanning that list. It knows no policy file: the default policy's numbers stand in its code.
"""
