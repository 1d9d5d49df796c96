// A telephone system with our library: examples/c/host.c.
import { writeFileSync } from 'node:fs';
import { Program } from './programs.mjs';

let hosts = 0;

/** Starts one. `users`: EXTENSION=ADDRESS. */
export function host(config, users) {
  hosts += 1;
  const file = `host-${hosts}.json`;
  writeFileSync(file, JSON.stringify({ mode: 'presence_sync', source: { poll_interval_ms: 300 }, dnd: { hold_off_ms: 0 }, ...config }));
  return new Program('./host', [file, ...users], { name: `host ${hosts}` });
}
