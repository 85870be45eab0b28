//! What clients of other makes do with the same page: they hand out untyped values, whose numbers are floating-point unless asked.

use std::{fs, process::Command};

/// The best of sixty, in milliseconds, as a program of the language measures it.
const PEERS: [(&str, &str, &str); 3] = [
    ("Node.js, JSON.parse", "node", NODE),
    ("Python, json.loads", "python3", PYTHON),
    ("Python, json.loads with Decimal", "python3", PYTHON_DECIMAL),
];

const NODE: &str = "const t = require('fs').readFileSync(process.argv[1], 'utf8'); let b = Infinity;
for (let i = 0; i < 60; i++) { const s = performance.now(); JSON.parse(t); b = Math.min(b, performance.now() - s); }
console.log(b)";
const PYTHON: &str = "import json, sys, time
t = open(sys.argv[1]).read()
def once():
    s = time.perf_counter(); json.loads(t); return time.perf_counter() - s
print(min(once() for _ in range(60)) * 1e3)";
const PYTHON_DECIMAL: &str = "import json, sys, time, decimal
t = open(sys.argv[1]).read()
def once():
    s = time.perf_counter(); json.loads(t, parse_float=decimal.Decimal); return time.perf_counter() - s
print(min(once() for _ in range(60)) * 1e3)";

/// Prints how long each peer takes that is on this machine, and how many times as long as we.
pub(crate) fn measure(json: &str, ours: f64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.json");
    fs::write(&file, json).unwrap();
    for (name, program, script) in PEERS {
        let flag = if program == "node" { "-e" } else { "-c" };
        let said = Command::new(program).arg(flag).arg(script).arg(&file).output();
        let best = said.ok().and_then(|said| String::from_utf8(said.stdout).ok()?.trim().parse::<f64>().ok());
        match best {
            Some(best) => println!("peer: {name}: {best:.2} ms, {:.2} x ours", best / ours),
            None => println!("peer: {name}: not on this machine"),
        }
    }
}
