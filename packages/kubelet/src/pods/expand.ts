/**
 * Replaces `$(NAME)` by the value of NAME; one that has none stays as it is, and `$$` is a plain `$` (Kubernetes docs,
 * "Define dependent environment variables"; third_party/forked/golang/expansion).
 */
export function expand(text: string, values: Pick<ReadonlyMap<string, string>, 'get'>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (values.get(name) ?? whole),
  );
}
