// Bundles each function to <out>/<job>-<variant>/index.mjs; <out> is the argument, OUT or dist.
import path from 'node:path';
import { build } from 'esbuild';

const FUNCTIONS = ['debit-plain', 'debit-powertools', 'place-bet-plain', 'place-bet-powertools'];
const here = import.meta.dirname;
const out = path.resolve(process.argv[2] ?? process.env.OUT ?? path.join(here, 'dist'));

for (const name of FUNCTIONS) {
  await build({
    entryPoints: [path.join(here, 'src', `${name}.js`)],
    outfile: path.join(out, name, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The module builds of the packages: smaller, and they import rather than require.
    mainFields: ['module', 'main'],
    // What is left of CommonJS asks for `require`, which a module does not have.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}
