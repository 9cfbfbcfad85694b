/**
 * Writes a result to stdout and waits until it is there: a process that exits before would cut a
 * long one off. A reader that went away (`| head`) is no failure.
 */
export async function printResult(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: NodeJS.ErrnoException | null): void => {
      if (error && error.code !== 'EPIPE') reject(error);
      else resolve();
    };
    process.stdout.once('error', done);
    process.stdout.write(text, done);
  });
}
