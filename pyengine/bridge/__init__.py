"""The Python side of the bridge to JavaScript: what can be called, and how values are converted.

names.py       pyengine's names as JavaScript spells them          catalogue.py   what is offered, from signatures
crossing.py    values: from JavaScript, to JavaScript               failures.py    errors, as words
javascript.py  code in messages, as JavaScript writes it
calls.py       the functions that `web/border.js` calls
callbacks.py   hooks written in JavaScript                          data.py        datasets fed by JavaScript
engine.py      what the engine runs on
blocking.py    blocking code that lets the page live on            pausing.py    frames between two stretches of work

Only `crossing`, `blocking` and `pausing` need Pyodide, and not before they are called; everything else is tested in
CPython. The other side of the border is `web/border.js`.
"""
