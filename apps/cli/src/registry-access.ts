import { SampanError } from '@sampan/base';
import { createHome, type HomeLayout } from '@sampan/home';

/** Settings of registries are root's, since containers are. Makes the home when there is none. Throws `needs-root`. */
export function registryHome({ root }: HomeLayout): HomeLayout {
  if (process.getuid?.() === 0) return createHome(root);
  throw new SampanError('needs-root', 'Images are fetched by what runs containers, and that is root.', {
    hint: 'Run the command with sudo.',
  });
}
