import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHome } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { nodeProgram } from '../processes/node-process.ts';
import { serverArguments, serverProgram, startOptions } from '../processes/server-process.ts';
import { asCalled } from '../program-name.ts';
import { checkSystemd, systemctl, UNIT_FOLDER } from '../service/systemd.ts';
import { type Unit, units } from '../service/units.ts';

/** May be called again: then the units are written anew. */
export async function run(invocation: Invocation): Promise<number> {
  const made = unitsOf(invocation);
  if (invocation.options.print === true) {
    process.stdout.write(
      made.map(({ name, content }) => `# ${join(UNIT_FOLDER, name)}\n${content}`).join('\n'),
    );
    return 0;
  }
  checkSystemd();
  createHome(invocation.home.root);
  for (const { name, content } of made) writeFileSync(join(UNIT_FOLDER, name), content, { mode: 0o644 });
  systemctl('daemon-reload');
  systemctl('enable', ...made.map(({ name }) => name));
  process.stdout.write(
    asCalled(
      `${made.map(({ name }) => name).join(' and ')} installed: Sampan starts with this machine.
To start it now, if it does not run: sampan up
`,
      invocation.environment,
    ),
  );
  return 0;
}

function unitsOf(invocation: Invocation): Unit[] {
  const { home, options } = invocation;
  return units({
    home: home.root,
    runtime: [process.execPath, ...process.execArgv],
    server: { program: serverProgram(), args: serverArguments(startOptions(invocation)) },
    node: options['no-node'] === true ? undefined : { program: nodeProgram(), args: [`--home=${home.root}`] },
  });
}
