import { crc32, deflateRawSync, gzipSync } from "node:zlib";

/** One entry of an archive, as honest or as hostile as a test wants it. */
export interface Packed {
  readonly name: string;
  readonly body?: string | Uint8Array;
  readonly mode?: number;
  /** The tar's type flag: "0" file, "1" hard link, "2" symbolic link, "3" and "4" devices, "5" folder, "6" pipe. */
  readonly type?: string;
  /** What a link points to. */
  readonly target?: string;
  /** Says another size than the body has. */
  readonly claims?: number;
}

const bytesOf = (body: Packed["body"] = ""): Buffer => Buffer.from(body as string);
const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;

function tarEntry({ name, body, mode = 0o644, type = name.endsWith("/") ? "5" : "0", target = "", claims }: Packed): Buffer[] {
  const bytes = bytesOf(body);
  const long = Buffer.byteLength(name) > 100 ? tarEntry({ name: "././@LongLink", body: `${name}\0`, type: "L" }) : [];
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write(octal(mode, 7) + octal(0, 7) + octal(0, 7) + octal(claims ?? bytes.length, 11) + octal(0, 11), 100, "latin1");
  header.write(`        ${type}`, 148, "latin1");
  header.write(target, 157, 100);
  header.write("ustar\x0000", 257, "latin1");
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    ),
    148,
    "latin1",
  );
  return [...long, header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}

export const tarOf = (entries: readonly Packed[]): Buffer => Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(1_024)]);
export const tarGz = (entries: readonly Packed[]): Buffer => gzipSync(tarOf(entries));

const unixKinds: Readonly<Record<string, number>> = { "0": 0o100000, "2": 0o120000, "4": 0o060000, "5": 0o040000, "6": 0o010000 };

/** A zip as a Unix packer writes it. A name is UTF-8; `damage` may change the index of an entry before it is written. */
export function zipOf(entries: readonly Packed[], damage: (record: Buffer) => void = () => {}): Buffer {
  const records: Buffer[] = [];
  const bodies: Buffer[] = [];
  let offset = 0;
  for (const { name, body, mode = 0o644, type = name.endsWith("/") ? "5" : "0", target, claims } of entries) {
    const bytes = bytesOf(target ?? body);
    const packed = deflateRawSync(bytes);
    const path = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(0x800, 2);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(claims ?? bytes.length, 18);
    shared.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), shared, path, packed]);
    const record = Buffer.alloc(46);
    record.write("PK\x01\x02", 0, "latin1");
    record.writeUInt16LE((3 << 8) | 20, 4);
    shared.copy(record, 6);
    record.writeUInt32LE((((unixKinds[type] ?? 0) | mode) << 16) >>> 0, 38);
    record.writeUInt32LE(offset, 42);
    damage(record);
    records.push(record, path);
    bodies.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, index, end]);
}
