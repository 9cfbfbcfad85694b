/** Bad configuration: found before the first event; the process ends with code 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Wrong use of the command line: the process ends with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
