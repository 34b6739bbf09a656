"""What stands in the help for a value, where several options take one."""

from procure.languages import Said

ANSWER_FILE = Said("ANSWER.json", "回答.json")
FILE = Said("FILE", "ファイル")
FOLDER = Said("DIR", "フォルダー")
MODEL = Said("MODEL", "モデル")
NAME = Said("NAME", "名前")
PATH = Said("PATH", "パス")
SLIDER = Said("PATH=LOW:HIGH", "パス=下端:上端")
STATUS = Said("STATUS", "根拠")
