/** What the acting wallet has, as forms need it: undefined while it is not known. */
import type { Address } from '@solana/kit';
import { ataOf } from '../../chain/addresses';
import { findPosition, type At, type Position } from '../../chain/accounts';
import { readTokenAccounts } from '../../chain/token-accounts';
import type { View } from '../../chain/view';
import { useQuery } from '../../ui/hooks';

/** The wallet's position; null if it has none, undefined while that is not known. */
export const usePosition = ({ security }: View, wallet: Address): At<Position> | null | undefined =>
    useQuery(`position/${security.address}/${wallet}`, () => findPosition(security.address, wallet)).data;

/** What the wallet's associated token account for a mint holds. */
export const useBalance = (wallet: Address, mint: Address | null, tokenProgram: Address | null): bigint | undefined =>
    useQuery(mint && tokenProgram ? `balance/${wallet}/${mint}` : null, async () => {
        const [account] = await readTokenAccounts([await ataOf(wallet, mint!, tokenProgram!)]);
        return account?.amount ?? 0n;
    }).data;
