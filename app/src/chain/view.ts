/** A security with what its page needs to name things. */
import type { Address } from '@solana/kit';
import { securityOfMint, type At, type Security } from './accounts';
import { readNames, type Named } from './names';

export type View = { security: At<Security>; share: Named; payout: Named };

export async function readView(mint: Address): Promise<View> {
    const security = await securityOfMint(mint);
    const names = await readNames([mint, security.payoutMint]);
    const [share, payout] = [names.get(mint), names.get(security.payoutMint)];
    if (!share || !payout) throw new Error('The share mint or the payout mint cannot be read.');
    return { security, share, payout };
}
