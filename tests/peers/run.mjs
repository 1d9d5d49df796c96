// The lane: oidc-provider as Entra, Prism as Graph and as judge between our client and our simulator. See README.md.
//
//   node run.mjs REPOSITORY [OPENAPI]      (in a folder with node_modules; REPOSITORY is built)
import { openapi } from './lab.mjs';
import { endAll, score } from './programs.mjs';

process.on('exit', () => endAll('SIGKILL'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
setTimeout(() => { console.log('FAILED  the lane took longer than 6 minutes'); process.exit(1); }, 360_000).unref();

await import('./entra.mjs');
if (openapi) await import('./judge.mjs');
else console.log('SKIPPED Prism, the judge of what goes to and comes from Graph: no OpenAPI document; name one with TPS_GRAPH_OPENAPI=FILE');
console.log(`${score.passed} passed, ${score.failed} failed`);
process.exit(score.failed === 0 ? 0 : 1);
