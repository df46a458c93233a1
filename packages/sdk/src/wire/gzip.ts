/** Payloads above this many characters of JSON travel compressed. */
export const gzipAbove = 100_000

/** Base64 of the gzip of a text. */
export async function gzipBase64(text: string): Promise<string> {
  const compressed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return bytesToBase64(new Uint8Array(await new Response(compressed).arrayBuffer()))
}

/** Base64 of the UTF-8 of a text. */
export function textToBase64(text: string): string {
  return bytesToBase64(new TextEncoder().encode(text))
}

function bytesToBase64(bytes: Uint8Array): string {
  let binary = ''
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}
