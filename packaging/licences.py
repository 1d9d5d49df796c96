#!/usr/bin/env python3
"""Prints whose code the built library and the command hold, and under which terms: for the copyright file of a package.

Read from `cargo tree`, `cargo metadata` and the sources that cargo has fetched; nothing is asked of the network. Left out are crates of other systems,
of tests and of the build, and procedural macros, none of which ends in a binary. A crate with neither terms nor text ends this with 1.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOTS = ("teams-presence-sync", "tps")
NAMES = re.compile(r"^(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)
WIDTH = 78


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked():
    """The packages whose code ends in a binary of the roots: `cargo tree` knows which features are on, `cargo metadata` what they are."""
    cargo = os.environ.get("CARGO", "cargo")
    roots = [word for root in ROOTS for word in ("--package", root)]
    tree = run(cargo, "tree", *roots, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}", "--locked", "--offline")
    # "name v1.2.3", and for crates of this repository " (/its/folder)".
    used = {tuple(line.split(" ")[:2]) for line in tree.splitlines() if line}
    # Of this platform: sources of others' crates need not be here.
    host = re.search(r"^host: (.*)$", run(os.environ.get("RUSTC", "rustc"), "-vV"), re.MULTILINE).group(1)
    metadata = run(cargo, "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host)
    packages = json.loads(metadata)["packages"]
    found = [package for package in packages if package["source"] and (package["name"], "v" + package["version"]) in used]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def texts(package):
    """Licence files at the top of a crate; those of parts of aws-lc lie deeper and are part of the top one's text."""
    folder = Path(package["manifest_path"]).parent
    named = package.get("license_file")
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and NAMES.match(path.name)]
    if named and folder / named not in paths:
        paths.append(folder / named)
    for path in paths:
        yield path.name, path.read_text(encoding="utf-8", errors="replace").strip()


APACHE = re.compile(r"Apache License\s+Version 2\.0, January 2004.*?END OF TERMS AND CONDITIONS", re.DOTALL)


def is_whole_apache(text):
    """The licence and nothing else, but for its appendix."""
    return "Apache License" in text[:200] and APACHE.search(text) is not None and len(text) < 12500


def main():
    packages = linked()
    shared = {}  # text without blanks -> its number
    bodies = []
    problems = []
    print("This product holds code of the following crates (https://crates.io), and of the Rust standard library")
    print("(https://rust-lang.org, MIT OR Apache-2.0). Where a crate offers a choice of licences, all offered ones are listed.")
    print("The numbers name the texts at the end.\n")
    for package in packages:
        numbers = []
        for name, text in texts(package):
            if is_whole_apache(text):
                numbers.append("Apache-2.0 (LICENSE-APACHE of this product)")
                continue
            # Where it stands inside another text, too: a package must not hold it a hundred times.
            text = APACHE.sub("[the Apache License, Version 2.0, as in LICENSE-APACHE of this product]", text)
            key = re.sub(r"\s+", "", text)
            if key not in shared:
                shared[key] = len(bodies) + 1
                bodies.append((package["name"], name, text))
            numbers.append(f"text {shared[key]}")
        terms = package["license"] or "see its text"
        if not package["license"] and not numbers:
            problems.append(f"{package['name']} {package['version']}: neither terms nor text")
        print(f"{package['name']} {package['version']}")
        print(f"    terms: {terms}")
        if package["authors"]:
            print(f"    by: {', '.join(package['authors'])}")
        if package["repository"]:
            print(f"    from: {package['repository']}")
        print(f"    texts: {', '.join(dict.fromkeys(numbers)) or 'none in the crate; those of its terms apply'}")
    for number, (name, file, text) in enumerate(bodies, 1):
        print(f"\n{'=' * WIDTH}\ntext {number} ({file} of {name})\n{'=' * WIDTH}\n{text}")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(packages)} crates, {len(bodies)} texts", file=sys.stderr)
    return 1 if problems or not packages else 0


if __name__ == "__main__":
    sys.exit(main())
