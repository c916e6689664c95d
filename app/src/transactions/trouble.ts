/** What went wrong outside the program: the wallet did not sign, or the server did not answer. As a sentence and what to do. */
import { visible } from '../display';

export type Failure = { sentence: string; remedy?: string; detail?: string };

const REFUSED = /reject|declin|denied|cancel|abort|not (?:been )?approv|closed/i;

/** What a wallet said when it did not sign. Its words are a stranger's text. */
export function ofWallet(error: unknown, walletName: string): Failure {
    const name = visible(walletName, 32);
    const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown };
    const text = typeof message === 'string' ? message : '';
    if (code === 4001 || REFUSED.test(text)) {
        return { sentence: `You declined in ${name}.`, remedy: 'Nothing was sent. Try again whenever you like.' };
    }
    if (code === 4100 || /unauthori[sz]ed|not connected|disconnected/i.test(text)) {
        return { sentence: `${name} is no longer connected to this page.`, remedy: 'Connect it again.' };
    }
    if (/locked/i.test(text)) return { sentence: `${name} is locked.`, remedy: 'Unlock it and try again.' };
    if (code === 4900 || code === 4901 || /chain|network|cluster/i.test(text)) {
        return { sentence: `${name} is set to another network.`, remedy: 'Choose the same network in the wallet, then try again.' };
    }
    if (code === -32_002 || /pending|already open/i.test(text)) {
        return { sentence: `${name} has another request open.`, remedy: 'Answer it in the wallet first.' };
    }
    const detail = text === '' ? undefined : visible(text, 160);
    return { sentence: `${name} did not sign.`, remedy: 'Nothing was sent by this page.', ...(detail ? { detail } : {}) };
}

/** Anything else that was thrown: mostly a server that does not answer. */
export function ofThrown(error: unknown): Failure {
    const text = error instanceof Error ? error.message : String(error);
    if (/fetch|network|HTTP|abort|timeout|timed out/i.test(text)) {
        return { sentence: 'The network\u2019s server does not answer.', remedy: 'Wait until it does, or choose another in the settings.' };
    }
    return { sentence: visible(text, 200) };
}
