import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { AgentHandler } from './agent-context.ts';
import { AgentError } from './agent-error.ts';
import { send, sendParts } from './answer.ts';

/** `/logs/…`: the files of a folder, and lists of them, as kubelets show /var/log. Nothing outside of it, links included. */
export const folderRoute: AgentHandler = async (call) => {
  const root = call.options.logsFolder;
  if (root === undefined) throw new AgentError(404, 'this node shows no logs of its own');
  const path = await inside(root, call.rest);
  if ((await stat(path)).isDirectory()) {
    send(call.response, 200, 'text/html; charset=utf-8', await listing(path));
    return;
  }
  const file = await open(path);
  try {
    await sendParts(call, 'text/plain; charset=utf-8', file.createReadStream({ autoClose: false }));
  } finally {
    await file.close();
  }
};

async function inside(root: string, rest: readonly string[]): Promise<string> {
  try {
    const real = await realpath(root);
    const path = await realpath(join(real, ...rest));
    if (path === real || path.startsWith(`${real}${sep}`)) return path;
  } catch {
    // said below
  }
  throw new AgentError(404, '404 page not found');
}

async function listing(path: string): Promise<string> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const links = names.map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>\n`);
  return `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join('')}</pre>\n`;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
