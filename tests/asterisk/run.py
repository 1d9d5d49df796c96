"""Plays the scenes; begun by run.sh inside its namespaces.   run.py ROOT LAB [SCENE...]"""
import os
import sys
import time
import traceback

from scenes import Scenes

root, lab, *only = sys.argv[1:]
scenes = Scenes(root, lab)
observed, failed = [], None
try:
    for number, (name, play) in enumerate(Scenes.ALL, 1):
        if only and str(number) not in only:
            continue
        begin = time.monotonic()
        try:
            observed.append(play(scenes))
        except Exception:
            failed = name
            print(f"FAILED {number} {name} ({time.monotonic() - begin:.1f} s)\n{traceback.format_exc()}")
            for log in ("messages.log", "console.log"):
                if os.path.exists(f"{lab}/run/{log}"):
                    with open(f"{lab}/run/{log}", errors="replace") as file:
                        print(f"-- {log}\n" + "".join(file.readlines()[-40:]))
            break
        print(f"ok     {number} {name} ({time.monotonic() - begin:.1f} s)", flush=True)
finally:
    scenes.end()
if failed:
    sys.exit(1)
print("observed:")
for line in observed:
    print(f"  {line}")
