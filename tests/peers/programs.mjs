// Programs that a lane starts, and only those, are watched and ended here.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const running = new Set();

/** A child process and what it has printed so far. */
export class Program {
  constructor(command, args, options = {}) {
    this.name = options.name ?? command;
    this.text = '';
    this.code = undefined;
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    running.add(this);
    this.ended = new Promise((done) => {
      const end = (code, signal) => { this.code = code ?? signal; running.delete(this); done(this.code); };
      this.child.on('error', (error) => { this.text += error.message; end('not started'); });
      this.child.on('close', end);
    });
    this.child.stdin.on('error', () => {});
    for (const stream of [this.child.stdout, this.child.stderr]) stream.setEncoding('utf8').on('data', (part) => { this.text += part; });
  }

  /** Waits until `test(text)` is true. */
  async until(what, test, ms = 15_000) {
    const end = Date.now() + ms;
    while (!test(this.text)) {
      if (this.code !== undefined) throw new Error(`${this.name} ended (${this.code}) before: ${what}\n${this.text.slice(-3000)}`);
      if (Date.now() > end) throw new Error(`${this.name}, waited ${ms} ms in vain for: ${what}\n${this.text.slice(-3000)}`);
      await pause(20);
    }
  }

  /** Closes its standard input, which ends ours; after `ms` by signal, by its own pid. */
  async end(ms = 8_000) {
    this.child.stdin.end();
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      const over = await Promise.race([this.ended.then(() => true), pause(ms).then(() => false)]);
      if (over) return this.code;
      this.child.kill(signal);
      ms = 3_000;
    }
    return this.ended;
  }
}

/** Ends whatever is still running. */
export function endAll(signal = 'SIGTERM') {
  for (const program of running) program.child.kill(signal);
}

export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Waits until `test()` is true. */
export async function until(what, test, ms = 15_000) {
  const end = Date.now() + ms;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await pause(20);
  }
}

/** A port that nobody listens on now. */
export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => done(port)); });
  });
}

/** Checks, one line each. */
export const score = { passed: 0, failed: 0 };

export async function check(name, work) {
  const begin = Date.now();
  try {
    const note = await work();
    score.passed += 1;
    console.log(`ok      ${name}${note ? `: ${note}` : ''} (${Date.now() - begin} ms)`);
  } catch (error) {
    score.failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.message ?? error).replaceAll('\n', '\n        ')}`);
  }
}

export function expect(holds, what) {
  if (!holds) throw new Error(what);
}
