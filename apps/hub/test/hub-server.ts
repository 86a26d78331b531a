import { silentLogger } from '@sampan/base';
import { MemoryDirectory } from '@sampan/hub';
import { startHub } from '../src/start-hub.ts';

/** A hub in a process of its own, to be killed: `hub-server.ts FOLDER HASH`; prints its URL. */
const [folder = '', hash = ''] = process.argv.slice(2);
const directory = new MemoryDirectory();
directory.setAccount({ name: 'dev', hash, administrator: true });
directory.setProject({ name: 'a', public: false, members: [] });
const { url } = await startHub({ folder, port: 0, directory, logger: silentLogger });
process.stdout.write(`${url}\n`);
