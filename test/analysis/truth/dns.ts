const NAME = Buffer.from("\x03web\x04shop\x03svc\x07cluster\x05local\x00", "latin1");

function encode(id: number, flags: number, answers: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id & 0xffff, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, NAME, Buffer.from([0, 1, 0, 1]), ...answers]);
}

/** A question for an address (RFC 1035). */
export function encodeDnsQuestion(id: number): Uint8Array {
  return encode(id, 0x0100, []);
}

export function encodeDnsAnswer(id: number): Uint8Array {
  return encode(id, 0x8180, [Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 96, 0, 20])]);
}
