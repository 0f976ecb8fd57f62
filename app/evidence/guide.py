"""What lies in the download for the person who opens it."""

from typing import Final

ENGLISH: Final = """\
EVIDENCE FOR A PERIOD

What this is
  Everything that was done on the appliance in the period, as it was sealed, with the proof that
  nothing was changed, removed, added or moved since.

How to check it
  1. You need Python 3.9 or newer (python.org), on any computer; no network, no software of ours.
  2. Unpack the download. In its folder run:   python3 verify.py
     (on Windows: py verify.py)
  3. Read the verdict. The exit code says the same: 0 whole, 3 tampered with, 2 cannot be read.
  4. Compare the fingerprint of the signing key with the one noted when the appliance was set up,
     on paper or by telephone with somebody whom you know:   python3 verify.py --key "…"
     Without this step the evidence is only as trustworthy as the way by which it came.

What lies here
  events.jsonl     one event a line: its position, its exact bytes ("content"), its values
  evidence.json    the period, the signed checkpoints before, within and behind it, the hashes of
                   the subtrees outside it, and the erasures behind it that explain missing values
  key.txt          the public key, one line a key
  verify.py        the check; short enough to be read
  SHA256SUMS       the hashes of these files (events.jsonl is proven by the tree itself)

What it does not show
  An action that never went through the appliance leaves no event. Values about people that were
  erased by law are gone; the event stays, and the verdict says when and under which rule.
"""

JAPANESE: Final = """\
期間の証拠

これは何か
  指定した期間に装置で行われたすべての操作と、封印後に変更・削除・追加・移動がないことの証明です。

確かめ方
  1. Python 3.9以降（python.org）があれば、どのパソコンでも確かめられます。
     ネットワークも、当社のソフトウェアも要りません。
  2. ダウンロードを展開し、そのフォルダーで次を実行します。   python3 verify.py
     （Windowsでは   py verify.py）
  3. 判定を読みます。終了コードも同じ意味です。0は改ざんなし、3は改ざんあり、2は読み取り不可です。
  4. 署名鍵の指紋を、初期設定時に控えたものと、紙または知っている人への電話で照合します。
     python3 verify.py --key "…"
     この照合をしない場合、証拠の信頼性は、受け取った経路の信頼性までです。

入っているもの
  events.jsonl     1行が1操作です。位置、封印されたままの内容（content）、値が入っています。
  evidence.json    期間、その前・中・後の署名付きチェックポイント、期間外の部分木のハッシュ、
                   消えた値を説明する、期間より後の消去の記録
  key.txt          公開鍵（1行に1つ）
  verify.py        確認用プログラム。短いので、読んで確かめられます。
  SHA256SUMS       各ファイルのハッシュ（events.jsonlはハッシュ木そのもので証明されます）

わからないこと
  装置を通らなかった行為は記録に残りません。法令などに基づいて消去された個人の値は残りませんが、
  操作の記録は残り、いつ、どの定めに基づいて消去されたかが判定に示されます。
"""

GUIDES: Final = {"README.en.txt": ENGLISH, "README.ja.txt": JAPANESE}
