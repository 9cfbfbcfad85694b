/**
 * A program that tests need and npm does not bring. One file each beside this one, named in
 * `known.ts`; it lives in `.services/<name>-<version>/`, so that a new version is a new folder.
 */
export interface Service {
  readonly name: string;
  readonly version: string;
  /** The program, as a path inside its folder. */
  readonly binary: string;
  /** Arguments with which the program prints `prints` and ends with 0: it runs on this machine. */
  readonly check: { readonly args: readonly string[]; readonly prints: string };
  /** Fills an empty folder, or throws an error that says what was tried. */
  fetch(into: string): Promise<void>;
}
