const VERSION = 'NATS/1.0\r\n';
const LINE_END = /[\r\n]/;

/**
 * Headers of a message of ours, written as they are set. The client's own keep a map of lists and
 * look at each letter of a name: that costs a derived record more than its data. Names are given
 * once each.
 */
export class HeaderLines {
  private text = VERSION;

  set(name: string, value: string): this {
    if (LINE_END.test(value)) throw new Error(`header ${name}: a value has no line end in it`);
    this.text += `${name}: ${value}\r\n`;
    return this;
  }

  /** As the client asks for them. */
  encode(): Uint8Array {
    return Buffer.from(`${this.text}\r\n`);
  }
}
