/** What XML 1.0 has no way to say: https://www.w3.org/TR/xml/#charsets. */
const unsayable = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Whether XML can hold a text at all. */
export function isXmlText(text: string): boolean {
  return !unsayable.test(text)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // Would come back as other white space.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** A text as content of an element or as value of an attribute. What XML cannot say is replaced. */
export function xmlText(text: string): string {
  const sayable = isXmlText(text) ? text : text.replace(new RegExp(unsayable, 'gu'), '\ufffd')
  return sayable.replace(/[&<>"\t\n\r]/g, (character) => entities[character] ?? '')
}
