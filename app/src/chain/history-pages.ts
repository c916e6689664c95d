/** Pages of history with the names of everything that they mention. */
import type { Address, Signature } from '@solana/kit';
import { formatAmount } from '../amounts';
import { findSecurities, type At, type Security } from './accounts';
import type { Words } from './event-sentences';
import { readHistory, type HistoryEntry, type ProgramEvent } from './history';
import { readNames, symbolIn, type Named } from './names';

export type Page = { entries: HistoryEntry[]; before: Signature | null; names: Map<Address, Named>; securities: Map<Address, At<Security>> };

const assetOf = ({ event }: ProgramEvent): Address[] => ('assetMint' in event ? [event.assetMint] : []);

/** A page with the names of everything it mentions. */
export async function readPage(address: Address, before: Signature | null, isWanted: (happened: ProgramEvent) => boolean): Promise<Page> {
    const { entries, before: next } = await readHistory(address, before, isWanted);
    const addresses = [...new Set(entries.map(({ happened }) => happened.event.security))];
    const securities = new Map((await findSecurities(addresses)).flatMap((found) => (found ? [[found.address, found]] : [])));
    const mints = [...securities.values()].flatMap((security) => [security.mint, security.payoutMint]);
    const names = await readNames([...mints, ...entries.flatMap(({ happened }) => assetOf(happened))]);
    return { entries, before: next, names: new Map(names), securities };
}

/** How to say the amounts of an event about `security`. */
export function wordsFor(page: Page, security: At<Security> | undefined): Words {
    const say = (mint: Address | undefined, decimals: number) => (atoms: bigint) =>
        `${formatAmount(atoms, decimals)} ${mint ? symbolIn(page.names, mint) : ''}`;
    return {
        shares: say(security?.mint, security?.decimals ?? 0),
        money: say(security?.payoutMint, security?.payoutDecimals ?? 0),
        asset: (mint, atoms) => say(mint, page.names.get(mint)?.mint.decimals ?? 0)(atoms),
    };
}
