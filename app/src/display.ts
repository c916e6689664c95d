/** Names, symbols and URIs are written by strangers. They are shown as text, and nothing in them may act on the text around. */

/** Controls, bidirectional overrides, invisible and private characters, and lone surrogates: what can hide or turn text around. */
const TREACHEROUS = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu;
const MARK = '\ufffd';
/** More combining marks on one letter than any script needs. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;

/** A stranger's text as it may be shown: at most `most` characters, each visible. */
export function visible(text: string, most = 64): string {
    const clean = text.replace(TREACHEROUS, MARK).replace(PILED_MARKS, '$1').replace(/\s+/g, ' ').trim();
    const letters = [...clean];
    const cut = letters.length > most ? `${letters.slice(0, most - 1).join('')}\u2026` : clean;
    return cut === '' ? '(no name)' : cut;
}

export const shortAddress = (address: string): string => `${address.slice(0, 4)}\u2026${address.slice(-4)}`;
