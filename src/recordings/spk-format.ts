import { open, stat } from 'node:fs/promises';
import type { RecordingFormat } from './recording.ts';
import { readAt } from './spk-io.ts';
import { FILE_MAGIC, startsWith } from './spk-layout.ts';
import { openSpk } from './spk-read.ts';

/** The native format, docs/recording-format.md. */
export const spkFormat: RecordingFormat = {
  name: 'spk',

  async recognise(path) {
    // A FIFO or a device would wait for bytes, or never end.
    if (!(await stat(path)).isFile()) return false;
    const handle = await open(path, 'r');
    try {
      const first = new Uint8Array(FILE_MAGIC.length);
      return (await readAt(handle, first, 0)) === first.length && startsWith(first, FILE_MAGIC);
    } finally {
      await handle.close();
    }
  },

  open: openSpk,
};
