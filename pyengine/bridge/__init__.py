"""The Python end of the page: what JavaScript may ask for, and what crosses the border as what.

names.py       pyengine's names as JavaScript spells them          catalogue.py   what is offered, from signatures
crossing.py    values: from JavaScript, to JavaScript               failures.py    errors, as words
calls.py       the functions that `web/border.js` calls             models.py      the training half of them
callbacks.py   hooks written in JavaScript                          data.py        datasets fed by JavaScript

Only `crossing` needs Pyodide, and only once the page has introduced itself (`connect`); everything else is tested
in CPython. The other side of the border is `web/border.js`.
"""
