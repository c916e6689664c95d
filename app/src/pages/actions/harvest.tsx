/** Vaults that hold shares: what they have earned, and moving it one layer up. */
import { readBacking, type Asset } from '../../chain/backing';
import { nameMint } from '../../chain/names';
import { claimable } from '../../chain/quotes';
import { readMint } from '../../chain/mints';
import { readTokenAccounts } from '../../chain/token-accounts';
import { harvestPlan, registerVaultBearerPlan, type Layered } from '../../transactions/plans/layers';
import { ActionForm } from '../../ui/action-form';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Facts, Loaded } from '../../ui/parts';
import { Amount } from '../../ui/text';
import type { ActionProps } from './page';

function Layer({ asset, view, wallet, now }: ActionProps & { asset: Asset; now: bigint }) {
    const { security, share } = view;
    const held = asset.layer!.security;
    const { position } = asset.layer!;
    const heldSymbol = asset.mint ? nameMint(asset.mint).symbol : held.mint;
    const layered: Layered = { security, symbol: share.symbol, held, heldSymbol };
    const money = useQuery(`mint/${held.payoutMint}`, () => readMint(held.payoutMint));
    const bearer = useQuery(
        `vault-bearer/${asset.vault.address}`,
        async () => (await readTokenAccounts([asset.vault.tokenAccount]))[0]?.amount ?? 0n,
    );
    const due = position ? claimable(held, position, now) : 0n;
    return (
        <Card title={`Its ${heldSymbol}`}>
            <Facts
                items={[
                    ['Held', <Amount key="held" atoms={asset.balance} decimals={held.decimals} symbol={heldSymbol} />],
                    [
                        'Earned and not harvested',
                        <Amount key="due" atoms={due} decimals={held.payoutDecimals} symbol={money.data ? nameMint(money.data).symbol : ''} />,
                    ],
                    ['Sent to it as bearer shares', <Amount key="bearer" atoms={bearer.data} decimals={held.decimals} symbol={heldSymbol} />],
                ]}
            />
            {typeof due === 'bigint' && due > 0n && <ActionForm label="Harvest" build={() => harvestPlan(layered)} />}
            {bearer.data !== undefined && bearer.data > 0n && (
                <ActionForm label="Register them for the vault" build={() => registerVaultBearerPlan(wallet, layered)} />
            )}
        </Card>
    );
}

export default function Harvest(props: ActionProps) {
    const { security } = props.view;
    const now = useNow();
    const query = useQuery(`backing/${security.address}`, () => readBacking(security.address));
    return (
        <Loaded query={query} what="the vaults">
            {(assets) => {
                const layers = assets.filter((asset) => asset.layer);
                if (layers.length === 0) return <Empty>No vault of it holds shares of another security.</Empty>;
                if (now === undefined) return null;
                return (
                    <>
                        {layers.map((asset) => (
                            <Layer key={asset.vault.address} {...props} asset={asset} now={now} />
                        ))}
                    </>
                );
            }}
        </Loaded>
    );
}
