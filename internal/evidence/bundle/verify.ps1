# Checks an unpacked bundle with Windows PowerShell 5.1 or later, and counts. In this folder:
#
#   powershell -ExecutionPolicy Bypass -File verify.ps1 zapis-ledger+...
#
# Give the ledger card that you got from elsewhere. It checks the lists, the answers, the proofs, the custody log,
# and, where ssh-keygen is installed, the signature. The log's own signatures and time stamps it leaves out: VERIFY.txt
# has the lines for openssl, and zapis-verify checks everything. This script came in the bundle: somebody who forged
# the bundle can have changed it.
param([string]$Card = '')
$ErrorActionPreference = 'Stop'
Set-Location -LiteralPath $PSScriptRoot
$script:pass = 0; $script:failed = 0; $script:skipped = 0
$sha = [System.Security.Cryptography.SHA256]::Create()

function Say([bool]$ok, [string]$what) {
    if ($ok) { $script:pass++; "PASS: $what" } else { $script:failed++; "DOES NOT FIT: $what" }
}
function Skip([string]$why) { $script:skipped++; "SKIPPED: $why" }
function Full([string]$path) { Join-Path $PSScriptRoot ($path -replace '/', [IO.Path]::DirectorySeparatorChar) }
function Bytes([string]$path) { , [IO.File]::ReadAllBytes((Full $path)) }
function Lines([string]$path) { , ([Text.Encoding]::UTF8.GetString((Bytes $path)) -split "`n") }
function Hex([byte[]]$b) { ([BitConverter]::ToString($b) -replace '-', '').ToLowerInvariant() }
function Unhex([string]$s) {
    $b = New-Object byte[] ($s.Length / 2)
    for ($i = 0; $i -lt $b.Length; $i++) { $b[$i] = [Convert]::ToByte($s.Substring(2 * $i, 2), 16) }
    , $b
}
function FileHash([string]$path) {
    $f = [IO.File]::OpenRead((Full $path))
    try { Hex ($sha.ComputeHash($f)) } finally { $f.Dispose() }
}
function Leaf([byte[]]$content) { , $sha.ComputeHash([byte[]](@([byte]0) + $content)) }
function Node([byte[]]$left, [byte[]]$right) { , $sha.ComputeHash([byte[]](@([byte]1) + $left + $right)) }
function Has([string]$path) { Test-Path -LiteralPath (Full $path) -PathType Leaf }
function Named([string]$path) {
    foreach ($line in (Lines $path)) { if ($line.Length -gt 66) { , @($line.Substring(0, 64), $line.Substring(66)) } }
}

# 1. Both lists.
foreach ($list in 'manifest-sha256.txt', 'tagmanifest-sha256.txt') {
    $ok = $true
    foreach ($item in (Named $list)) { if (-not (Has $item[1]) -or (FileHash $item[1]) -ne $item[0]) { $ok = $false; "  $($item[1])" } }
    Say $ok "the files are as $list has them"
}

# 2. The signature.
$signer = ((Lines 'bag-info.txt' | Where-Object { $_ -like 'Zapis-Signer: *' }) -split ' ')[1]
if (Get-Command ssh-keygen -ErrorAction SilentlyContinue) {
    cmd /c "ssh-keygen -Y verify -f trust/allowed_signers -I $signer -n zapis-bundle -s signatures/tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt" | Out-Null
    Say ($LASTEXITCODE -eq 0) "$signer signed the list"
} else { Skip 'ssh-keygen is not installed' }

# 3. Answers and files.
foreach ($listing in (Get-ChildItem -LiteralPath (Full 'data/disclosure') -Recurse -Filter commitments.txt)) {
    $ok = $true; $count = 0
    foreach ($line in [IO.File]::ReadAllLines($listing.FullName)) {
        $path = Join-Path $listing.DirectoryName $line.Substring(66)
        if (Test-Path -LiteralPath $path) {
            $count++
            if ((Hex ($sha.ComputeHash([IO.File]::ReadAllBytes($path)))) -ne $line.Substring(0, 64)) { $ok = $false; "  $path" }
        }
    }
    Say $ok "$count answers in $($listing.Directory.Name) are as committed"
    $sum = Hex ($sha.ComputeHash([IO.File]::ReadAllBytes($listing.FullName)))
    $held = Get-ChildItem -LiteralPath (Full 'data/ledger') -Recurse -File | Where-Object { [IO.File]::ReadAllText($_.FullName).Contains("commitments $sum") }
    Say ([bool]$held) "the list of $($listing.Directory.Name) is the one in an entry or promise"
}
$said = [string]::Join("`n", (Get-ChildItem -LiteralPath (Full 'data/disclosure') -Recurse -Filter 'attachment-*.json' | ForEach-Object { [IO.File]::ReadAllText($_.FullName) }))
if (Test-Path -LiteralPath (Full 'data/attachments')) {
    foreach ($file in (Get-ChildItem -LiteralPath (Full 'data/attachments') -File)) {
        Say ($said.Contains((FileHash "data/attachments/$($file.Name)"))) "$($file.Name) is a file that was committed"
    }
}

# 4. Each entry is in the ledger of the checkpoint (RFC 9162, 2.1.3.2).
$checkpoint = Lines 'data/ledger/checkpoint'
$size = [uint64]$checkpoint[1]; $root = Hex ([Convert]::FromBase64String($checkpoint[2]))
$receipts = @('data/ledger/receipt') + @(Get-ChildItem -Path (Join-Path (Full 'data/ledger/receipts') '*') -ErrorAction SilentlyContinue | ForEach-Object { "data/ledger/receipts/$($_.Name)" })
foreach ($receipt in $receipts) {
    if (-not (Has $receipt)) { continue }
    $lines = Lines $receipt
    $index = [uint64](($lines | Where-Object { $_ -like 'index *' } | Select-Object -First 1) -split ' ')[1]
    $at = [array]::IndexOf($lines, "index $index") + 1
    $hash = Leaf (Bytes "data/ledger/entries/$index.txt")
    $fn = $index; $sn = $size - 1
    for (; $lines[$at] -ne ''; $at++) {
        $peer = [Convert]::FromBase64String($lines[$at])
        if (($fn -band 1) -eq 1 -or $fn -eq $sn) {
            $hash = Node $peer $hash
            while (($fn -band 1) -eq 0 -and $fn -ne 0) { $fn = $fn -shr 1; $sn = $sn -shr 1 }
        } else { $hash = Node $hash $peer }
        $fn = $fn -shr 1; $sn = $sn -shr 1
    }
    Say ((Hex $hash) -eq $root) "entry $index is in the ledger of this checkpoint"
}

# 5. Whose ledger.
$genesis = Hex (Leaf (Bytes 'data/ledger/entries/0.txt'))
if ($Card) { Say ($Card.Trim().EndsWith("+$genesis")) 'this is the ledger of your card' } else { Skip "no ledger card was given; this ledger's ends in $genesis" }

# 6. The custody log: a stack of subtrees, as in VERIFY.txt.
$lines = Lines 'data/custody/events.txt'
$stack = New-Object System.Collections.ArrayList
function Fold {
    $b = $stack[$stack.Count - 1]; $a = $stack[$stack.Count - 2]
    $stack.RemoveRange($stack.Count - 2, 2)
    [void]$stack.Add(@(($a[0] + $b[0]), (Node $a[1] $b[1])))
}
for ($i = 4; $i -lt $lines.Length; $i++) {
    $words = $lines[$i] -split ' '
    if ($words[0] -eq 'event') {
        $text = [string]::Join("`n", $lines[($i + 1)..($i + 12)]) + "`n"
        [void]$stack.Add(@(1, (Leaf ($sha.ComputeHash([Text.Encoding]::UTF8.GetBytes($text))))))
        $i += 12
    } elseif ($words[0] -eq 'hashes') {
        [void]$stack.Add(@(([long]$words[2] - [long]$words[1] + 1), (Unhex $words[3])))
    } else { continue }
    while ($stack.Count -gt 1 -and $stack[$stack.Count - 1][0] -eq $stack[$stack.Count - 2][0]) { Fold }
}
while ($stack.Count -gt 1) { Fold }
if ($stack.Count -eq 1) { Say ((Hex $stack[0][1]) -eq ($lines[2] -split ' ')[1]) 'the events lead to the root of the custody log' }

"$($script:pass) passed, $($script:skipped) skipped, $($script:failed) do not fit"
Skip 'the log''s signatures and time stamps: see VERIFY.txt, or use zapis-verify'
if ($script:failed -eq 0) { 'ALL THAT WAS CHECKED FITS. VERIFY.txt says what that proves, and what not.' } else { 'THIS BUNDLE DOES NOT FIT.'; exit 3 }
