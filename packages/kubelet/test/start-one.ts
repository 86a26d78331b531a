/** Starts a container, as an agent that may be killed over it. Arguments: containerd's socket, the container's id. */
import { CriRuntime } from '../src/index.ts';

const [socket = '', id = ''] = process.argv.slice(2);
await new CriRuntime(socket).startContainer(id);
