import type { Invocation } from '../command.ts';
import { printData, structuredFormat } from '../structured.ts';
import { hubPlace } from './hub-place.ts';

/** What is told once of a robot. */
interface Told {
  /** As it logs in. */
  readonly name: string;
  readonly secret?: string;
  /** Where the secret is instead. */
  readonly secretRef?: { readonly namespace: string; readonly name: string };
  readonly expiresAt?: string;
}

/** The name and the secret, which are shown this once. */
export async function tellSecret({ options, home }: Invocation, told: Told): Promise<void> {
  const format = structuredFormat(options.output);
  if (format) {
    await printData(told, format);
    return;
  }
  if (options.output === 'name') {
    process.stdout.write(`${told.name}\n`);
    return;
  }
  const { name, secret, secretRef, expiresAt } = told;
  const where = secretRef && `in the Secret ${secretRef.name} of ${secretRef.namespace}`;
  process.stdout.write(
    `name:     ${name}\n${where ? `secret:   ${where}\n` : `secret:   ${secret}\n`}${expiresAt ? `expires:  ${expiresAt}\n` : ''}`,
  );
  if (secret === undefined) return;
  process.stderr.write(`The secret is shown this once. To log in with it:
  docker login ${hubPlace(home).host} --username ${name} --password-stdin
`);
}
