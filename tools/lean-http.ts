import type { Plugin } from 'esbuild';

/**
 * An `import` of node:http reads all that the module exports, and some of that (`WebSocket`, `MessageEvent`) loads
 * undici when it is read: 16 MB and 25 ms in every process, for what none of them uses. Taken as a builtin module it
 * gives only what is asked for.
 */
export const leanHttp: Plugin = {
  name: 'lean-http',
  setup(build) {
    build.onResolve({ filter: /^node:http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'node:http', namespace: 'lean-http' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'lean-http' }, () => ({ contents: source(), loader: 'js' }));
  },
};

function source(): string {
  const http = process.getBuiltinModule('node:http');
  const names = Object.entries(Object.getOwnPropertyDescriptors(http))
    .filter(([, { get }]) => get === undefined)
    .map(([name]) => name);
  return `export const { ${names.join(', ')} } = process.getBuiltinModule('node:http');\n`;
}
