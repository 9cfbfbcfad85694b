/** An option that can't work: bad configuration, found before anything connects. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  /** The key in the configuration, such as `nats.password_file`. */
  readonly option: string;

  constructor(option: string, detail: string, options?: ErrorOptions) {
    super(`${option}: ${detail}`, options);
    this.option = option;
  }
}
