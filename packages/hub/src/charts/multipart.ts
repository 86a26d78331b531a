/** The fields of a form by name: RFC 7578, as HTTP clients write it. Of several with one name, the first. */
export function readMultipart(body: Buffer, contentType: string): Map<string, Buffer> | undefined {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const text = boundary?.[1] ?? boundary?.[2];
  if (text === undefined) return undefined;
  const fields = new Map<string, Buffer>();
  for (const part of partsOf(body, Buffer.from(`\r\n--${text}`))) {
    const end = part.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const name = /^content-disposition:\s*form-data;.*?\bname="([^"]*)"/im.exec(
      part.toString('latin1', 0, end),
    )?.[1];
    if (name !== undefined && !fields.has(name)) fields.set(name, part.subarray(end + 4));
  }
  return fields;
}

/** What stands between two delimiters, without the line that a delimiter ends. A form that is cut off loses its last. */
function* partsOf(body: Buffer, delimiter: Buffer): Generator<Buffer> {
  // the first delimiter has no line before it
  let from = body.indexOf(delimiter.subarray(2));
  if (from !== 0 && from !== 2) return;
  from += delimiter.length - 2;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', from);
    const next = body.indexOf(delimiter, from);
    if (lineEnd < 0 || next < 0) return;
    yield body.subarray(lineEnd + 2, next);
    from = next + delimiter.length;
  }
}
