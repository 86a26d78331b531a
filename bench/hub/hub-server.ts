/** The hub for benchmarks: `hub-server.ts FOLDER`; prints its port and a login as JSON. */

// as the real program has it, whose settings these are
import '../../apps/hub/src/main.ts';
import { silentLogger } from '@sampan/base';
import { countBuffersAsHeap } from '@sampan/home';
import { hashPassword, MemoryDirectory } from '@sampan/hub';
import { startHub } from '../../apps/hub/src/start-hub.ts';

countBuffersAsHeap(8);
const [folder = ''] = process.argv.slice(2);
const directory = new MemoryDirectory();
directory.setAccount({ name: 'bench', hash: await hashPassword('bench'), administrator: true });
directory.setProject({ name: 'bench', public: false, members: [] });
// it is the registry that is measured, not when it has enough of one account
const limits = { account: { perSecond: 1e6, burst: 1e6 } };
const { port, close } = await startHub({ folder, port: 0, directory, logger: silentLogger, limits });
process.on('SIGTERM', () => {
  close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
// who measures is gone
process.stdin.resume().on('end', () => process.exit(1));
process.stdout.write(`${JSON.stringify({ port, login: 'bench:bench' })}\n`);
