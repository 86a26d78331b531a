import { SERVERS } from './server.ts';
import { controllerSuite } from './suite.ts';

controllerSuite('Sampan in process', SERVERS.inProcess);
controllerSuite('Sampan over HTTP', SERVERS.http);
