# Whoever works at the machine leaves files that others cannot read, and no open door.
umask 077
typeset -xr TMOUT=600
