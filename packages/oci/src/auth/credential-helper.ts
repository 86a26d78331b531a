import { spawn } from 'node:child_process';
import { messageOf } from '@sampan/base';
import { OciError } from '../errors.ts';
import type { Credentials } from './credentials.ts';

/** docker/docker-credential-helpers, "Development": a program that reads standard input and writes JSON. */
type Action = 'get' | 'store' | 'erase';

/** Programs that ask a person may take their time. */
const TIMEOUT_MS = 60_000;
const MAX_BYTES = 1 << 20;
/** By which a helper says that it has no entry of that name. */
const NOT_FOUND = /credentials not found/i;
/** The user name of an entry that is a refresh token. */
const TOKEN_USER = '<token>';

/** Throws `oci-login-invalid`. */
export async function helperCredentials(helper: string, registry: string): Promise<Credentials | undefined> {
  const { code, output } = await run(helper, 'get', registry);
  if (code !== 0 && NOT_FOUND.test(output)) return undefined;
  if (code !== 0) throw failed(helper, output.trim() || `exit code ${code}`);
  const said = parse(helper, output);
  const { Username: user = '', Secret: secret = '' } = said;
  if (user === TOKEN_USER) return { kind: 'refresh-token', token: secret };
  return user === '' ? undefined : { kind: 'password', user, password: secret };
}

/** Throws `oci-login-invalid`. */
export async function storeWithHelper(
  helper: string,
  registry: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<void> {
  const input = JSON.stringify({ ServerURL: registry, Username: user, Secret: password });
  const { code, output } = await run(helper, 'store', input);
  if (code !== 0) throw failed(helper, output.trim() || `exit code ${code}`);
}

/** Also when it has none. Throws `oci-login-invalid`. */
export async function eraseWithHelper(helper: string, registry: string): Promise<void> {
  const { code, output } = await run(helper, 'erase', registry);
  if (code !== 0 && !NOT_FOUND.test(output)) throw failed(helper, output.trim() || `exit code ${code}`);
}

function parse(helper: string, output: string): { readonly Username?: string; readonly Secret?: string } {
  try {
    return JSON.parse(output) as { Username?: string; Secret?: string };
  } catch (cause) {
    throw failed(helper, messageOf(cause));
  }
}

function run(helper: string, action: Action, input: string): Promise<{ code: number; output: string }> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) return Promise.reject(failed(helper, 'that is no name of a program'));
  return new Promise((resolve, reject) => {
    const child = spawn(program, [action], { stdio: ['pipe', 'pipe', 'ignore'], timeout: TIMEOUT_MS });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (output.length < MAX_BYTES) output += chunk;
    });
    child.once('error', (cause) => reject(failed(helper, messageOf(cause))));
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
    // it may end without having read
    child.stdin.on('error', () => {}).end(input);
  });
}

const failed = (helper: string, why: string): OciError =>
  new OciError('oci-login-invalid', `The program docker-credential-${helper} did not do it: ${why}.`, {
    hint: 'It is named in the file with logins (credsStore, credHelpers): install it, or take it out.',
  });
