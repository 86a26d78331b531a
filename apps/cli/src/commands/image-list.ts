import type { Invocation } from '../command.ts';
import { withImages } from '../images.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

export async function run({ home, options }: Invocation): Promise<number> {
  const images = await withImages(home, (runtime) => runtime.listImages());
  const rows = images
    .flatMap(({ id, tags, digests, size }) =>
      (tags.length > 0 ? tags : digests).map((name) => ({ name, id, size })),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const format = structuredFormat(options.output);
  if (format) await printData(rows, format);
  else if (options.output === 'name') process.stdout.write(rows.map(({ name }) => `${name}\n`).join(''));
  else
    process.stdout.write(
      tableText(
        ['IMAGE', 'ID', 'SIZE'],
        rows.map(({ name, id, size }) => [name, id.replace('sha256:', '').slice(0, 12), megabytes(size)]),
      ),
    );
  return 0;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
