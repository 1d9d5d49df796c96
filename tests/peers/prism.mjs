// Prism as Graph, and as the judge of both sides.
import { Program, expect, freePort } from './programs.mjs';

export async function prism(mode, document, upstream = []) {
  const port = await freePort();
  const program = new Program(process.execPath, ['node_modules/@stoplight/prism-cli/dist/index.js', mode, '-h', '127.0.0.1', '-p', String(port), '--errors', document, ...upstream], { name: `prism ${mode}` });
  await program.until('listening', (text) => text.includes('Prism is listening'), 40_000);
  return port;
}

export function noObjections(front, but = () => false) {
  const objections = front.objections().filter((call) => !but(call));
  const told = objections.slice(0, 3).map((call) => `${call.method} ${decodeURIComponent(call.url)}\n${call.objection.slice(0, 1500)}`);
  expect(objections.length === 0, `Prism objected to ${objections.length} of ${front.calls.length} exchanges:\n${told.join('\n')}`);
  const good = front.calls.filter((call) => call.status === 200).length;
  expect(good > 0, 'nothing went through Prism');
  return `${good} exchanges, no objection`;
}
