/** `node tools/upstream/start.ts [core|apiextensions]`: runs an upstream server until interrupted, for trying things. */
import { startApiextensions } from './apiextensions.ts';
import { startKubernetes } from './kubernetes.ts';

const which = process.argv[2] ?? 'core';
const upstream = which === 'apiextensions' ? await startApiextensions() : await startKubernetes();
console.log(`${which} is ready after ${upstream.startMs} ms: ${upstream.url}`);
console.log(`kubectl --kubeconfig ${upstream.kubeconfig} get --raw /version`);
console.log(`process ${process.pid}; interrupt to stop and clean up`);
const stop = () => void upstream.stop().then(() => process.exit(0));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
