/** What the connected wallet has of this security. */
import { findPosition } from '../../chain/accounts';
import { claimable } from '../../chain/quotes';
import { readTokenAccounts } from '../../chain/token-accounts';
import type { View } from '../../chain/view';
import { linkTo } from '../../router';
import { bearerAccountOf } from '../../transactions/plans/keys';
import { useNow, useQuery, useStore } from '../../ui/hooks';
import { Amount } from '../../ui/text';
import { session } from '../../wallet/session';

export function Mine({ view }: { view: View }) {
    const { security, share, payout } = view;
    const wallet = useStore(session)?.address;
    const now = useNow();
    const { data: position } = useQuery(wallet ? `position/${security.address}/${wallet}` : null, () =>
        findPosition(security.address, wallet!),
    );
    const { data: bearer } = useQuery(wallet ? `bearer/${security.address}/${wallet}` : null, async () => {
        const [account] = await readTokenAccounts([await bearerAccountOf(security, wallet!)]);
        return account?.amount ?? 0n;
    });
    if (!wallet) return null;
    // A position that was not read is not one of zero.
    const owed = position === undefined || now === undefined ? undefined : position === null ? 0n : claimable(security, position, now);
    const shares = position === undefined ? undefined : (position?.sharesAtoms ?? 0n);
    return (
        <div className="mine">
            <div>
                <p>You can claim now</p>
                <p className="figure">
                    <Amount atoms={owed} decimals={security.payoutDecimals} symbol={payout.symbol} />
                </p>
                {typeof owed === 'bigint' && owed > 0n && (
                    <a className="button primary" href={linkTo('security', security.mint, 'claim')}>
                        Claim
                    </a>
                )}
            </div>
            <div>
                <p>Your registered shares</p>
                <p className="figure">
                    <Amount atoms={shares} decimals={security.decimals} symbol={share.symbol} />
                </p>
            </div>
            <div>
                <p>Your bearer shares</p>
                <p className="figure">
                    <Amount atoms={bearer} decimals={security.decimals} symbol={share.symbol} />
                </p>
            </div>
        </div>
    );
}
