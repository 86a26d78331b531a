import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SampanError } from '@sampan/base';
import { type HomeLayout, readRunState } from '@sampan/home';

/**
 * Takes the home for this process; the returned function gives it back. The kernel does so too when the process
 * ends, however it ends: Node has no file locks of its own, but SQLite's are such. Throws `home-locked`.
 */
export function lockHome(home: HomeLayout, name: string): () => void {
  // before SQLite does, for its mode
  if (!existsSync(home.lock)) closeSync(openSync(home.lock, 'a', 0o600));
  const database = new DatabaseSync(home.lock, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw locked(home, name, error);
  }
  return () => database.close();
}

function locked(home: HomeLayout, name: string, cause: unknown): SampanError {
  const owner = readRunState(home);
  const who = owner ? `the process ${owner.pid}` : 'another process';
  return new SampanError('home-locked', `The home ${name} is in use by ${who}.`, {
    hint: 'One Sampan runs on a home at a time: stop the other one (sampan down), or name another folder with --home.',
    cause,
  });
}
